"""What the catalog is asked. Each query takes a schema's name; the session's search path holds that schema alone.

So names of the schema come without it and all others with theirs: the texts mean the same in an empty copy.
"""

# Relations that an extension brought, or that are partitions' business, are the extension's and the parent's.
_OURS = """n.nspname = ? AND c.relname NOT LIKE 'tabMigration%'
AND NOT EXISTS (SELECT 1 FROM pg_depend e
  WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')"""

_GRANTS = """(SELECT array_agg(privilege_type || CASE WHEN is_grantable THEN ' *' ELSE '' END || ' ' ||
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END ORDER BY privilege_type, grantee)
    FROM aclexplode({acl}) WHERE grantee <> c.relowner)"""

RELATIONS = f"""
SELECT c.relname, c.relkind::text, c.relpersistence::text, c.relrowsecurity, c.relforcerowsecurity,
  c.relreplident::text, (SELECT quote_ident(i.relname) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = c.oid AND x.indisreplident), c.reloptions, obj_description(c.oid, 'pg_class'),
  {_GRANTS.format(acl="c.relacl")},
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
  CASE WHEN c.relkind = 'p' THEN 'partitioned' WHEN c.relispartition THEN 'a partition'
    WHEN c.relkind = 'f' THEN 'a foreign table' WHEN c.reloftype <> 0 THEN 'a table of a composite type'
    WHEN EXISTS (SELECT 1 FROM pg_inherits h WHERE c.oid IN (h.inhrelid, h.inhparent)) THEN 'inherited' END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {_OURS} ORDER BY c.oid"""

COLUMNS = f"""
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
  CASE WHEN a.attcollation <> t.typcollation THEN (SELECT quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
    FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,
  a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text,
  col_description(c.oid, a.attnum), COALESCE(a.attstattarget::int, -1),
  CASE WHEN a.attstorage <> t.typstorage THEN
    CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
  {_GRANTS.format(acl="a.attacl")},
  (SELECT quote_ident(s.relname) || ' ' || concat_ws(',', q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmin,
    q.seqmax, q.seqcache, q.seqcycle) FROM pg_depend o JOIN pg_class s ON s.oid = o.objid AND s.relkind = 'S'
    JOIN pg_sequence q ON q.seqrelid = s.oid WHERE o.refobjid = c.oid AND o.refobjsubid = a.attnum
    AND o.deptype IN ('a', 'i') AND o.classid = 'pg_class'::regclass LIMIT 1)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND {_OURS}
ORDER BY c.oid, a.attnum"""

# NOT NULL has constraints of its own since 18; they are told by the column.
CONSTRAINTS = f"""
SELECT c.relname, k.conname, k.contype::text, pg_get_constraintdef(k.oid, true),
  (SELECT array_agg(a.attname ORDER BY p.place) FROM unnest(k.conkey) WITH ORDINALITY AS p(number, place)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.number),
  (SELECT r.relname FROM pg_class r WHERE r.oid = k.confrelid AND r.relnamespace = n.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND c.relkind IN ('r', 'p', 'f') AND {_OURS}
ORDER BY c.oid, position(k.contype::text IN 'puxcf'), k.conname"""

INDEXES = f"""
SELECT c.relname, i.relname, x.indisunique, x.indisprimary, x.indisvalid,
  EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')),
  pg_get_expr(x.indpred, x.indrelid, true), pg_get_indexdef(x.indexrelid, 0, true),
  ARRAY(SELECT COALESCE((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = p.number
      AND x.indoption[p.place - 1] = 0), '')
    FROM unnest(x.indkey) WITH ORDINALITY AS p(number, place) WHERE p.place <= x.indnkeyatts ORDER BY p.place),
  x.indnullsnotdistinct_
FROM (SELECT x.*, COALESCE((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false) AS indnullsnotdistinct_
  FROM pg_index x) x
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND {_OURS} ORDER BY c.oid, i.relname"""

# Most databases have none of these, and planning a query takes longer than finding that out (1 ms each, measured).
# Below 16384 are the server's own.
PRESENT = """
SELECT EXISTS (SELECT 1 FROM pg_trigger WHERE NOT tgisinternal),
  EXISTS (SELECT 1 FROM pg_rewrite WHERE rulename <> '_RETURN' AND oid >= 16384),
  EXISTS (SELECT 1 FROM pg_policy), EXISTS (SELECT 1 FROM pg_statistic_ext WHERE oid >= 16384),
  EXISTS (SELECT 1 FROM pg_proc WHERE oid >= 16384)"""

TRIGGERS = f"""
SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid, true), t.tgenabled::text, quote_ident(p.proname)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND {_OURS} ORDER BY c.oid, t.tgname"""

RULES = f"""
SELECT c.relname, r.rulename, pg_get_ruledef(r.oid, true)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {_OURS} ORDER BY c.oid, r.rulename"""

POLICIES = f"""
SELECT c.relname, p.polname, p.polpermissive, p.polcmd::text,
  (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ')
    FROM unnest(p.polroles) r),
  pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS} ORDER BY c.oid, p.polname"""

STATISTICS = f"""
SELECT c.relname, s.stxname, replace(pg_get_statisticsobjdef(s.oid),
    'CREATE STATISTICS ' || quote_ident(sn.nspname) || '.', 'CREATE STATISTICS ')
FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_namespace sn ON sn.oid = s.stxnamespace
WHERE {_OURS} ORDER BY c.oid, s.stxname"""

# Functions whose body is a text: the engine knows nothing of the columns in it, so somebody else has to look.
FUNCTIONS = """
SELECT p.proname, pg_get_function_identity_arguments(p.oid), p.prosrc
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE n.nspname = ? AND l.lanname IN ('sql', 'plpgsql') AND p.prosrc <> ''
AND NOT EXISTS (SELECT 1 FROM pg_depend e
  WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
ORDER BY 1, 2"""
