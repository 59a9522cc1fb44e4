"""What stands before every change of a database: its name, who asks, what may be taken on, and somebody else's word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sodaf_nb import access
from sodaf_nb.access import Access, require_named
from sodaf_nb.database import Database
from sodaf_nb.errors import AccessError, ApprovalError, AuditError, StalePlanError, Step, UsageError
from sodaf_nb.execution.job import Job, plan_fingerprint
from sodaf_nb.history import AuditLog
from sodaf_nb.history.approvals import APPROVED, Approval, Approvals, approvals_in
from sodaf_nb.options import Accept, ApplyOptions
from sodaf_nb.plan import Plan
from sodaf_nb.validation import Severity
from sodaf_nb.validation.acceptance import takes_all

LONGEST = timedelta(days=30)
"""The longest that an approval may hold"""


class Guard:
    """Lets a change through or says why not, before anything is written.

    Args:
        database: The database.
        audit: Its audit log, which holds the approvals.
        options: The profile, and the environment.
        clock: Gives the time in UTC.
    """

    def __init__(
        self, database: Database, audit: AuditLog, options: ApplyOptions, clock: Callable[[], datetime]
    ) -> None:
        given = options.access or Access()
        self.profile = replace(given, connection=given.connection or database.name)
        self._database = database
        self._audit = audit
        self._environment = options.environment
        self._clock = clock

    @property
    def name(self) -> str:
        """What the connection is called, which a change of production has to name."""
        return self.profile.connection

    def require_named(self, yes_on: str | None) -> None:
        """Stop before a write to production, or to a protected database, that was not confirmed by name.

        Raises:
            UsageError: If so, or if another name was given.
        """
        require_named(self.name, self._environment, yes_on, always=self.profile.protected)

    def require_operator(self) -> None:
        """Stop whoever may not change the database.

        Raises:
            AccessError: If so.
        """
        self.profile.require_operator(access.account())

    def checked(self, job: Job, yes_on: str | None) -> Job:
        """Return a job that may be carried out, with no more taken on than the profile allows.

        Raises:
            UsageError: If the connection had to be named and was not.
            AccessError: If the person may not change it, or a finding may not be taken on here.
            ApprovalError: If nobody else approved the plan, or the approval ran out.
        """
        self.require_named(yes_on)
        self.require_operator()
        self._require_allowed(job)
        self._require_approved(job.plan.id, f"The plan for {job.plan.doctype}")
        return replace(job, accept=self._allowed(job.accept))

    def require_restore(self, backup_id: str, yes_on: str | None) -> None:
        """Stop a restore that may not be.

        Raises:
            SodafError: As `checked` raises; what is approved is the backup's id.
        """
        self.require_named(yes_on)
        self.require_operator()
        self._require_approved(backup_id, "Putting that backup back")

    def removing(self, names: Sequence[str]) -> None:
        """Note that backups will be deleted.

        Raises:
            AccessError: If the person may not change the database.
        """
        self.require_operator()
        self._audit.removing(names)

    def approve(self, subject: Plan | str, lasts: timedelta) -> Approval:
        """Note that this person agrees to a plan, or to putting a backup back.

        Args:
            subject: The plan, or the whole id of one or of a backup.
            lasts: How long the approval holds, 30 days at most.

        Raises:
            UsageError: If the time is not above 0 and 30 days at most, or the id is none.
            AccessError: If the person may not approve.
            StalePlanError: If the database is not as the plan was made for.
        """
        person = access.account()
        self.profile.require_approver(person)
        if not timedelta(0) < lasts <= LONGEST:
            raise UsageError(f"An approval holds for {LONGEST.days} days at most, and for some time at least.")
        about, doctype = self._subject(subject)
        now = self._clock().astimezone(UTC)
        details = {"account": person, "expires": (now + lasts).isoformat()}
        with self._database.write() as session:
            self._audit.add(session, APPROVED, doctype=doctype, subject=about, details=details)
        self._audit.note_head()
        return next(each for each in self.approvals() if each.subject == about)

    def approvals(self) -> Approvals:
        """Return all approvals, the newest first, with what each is worth now."""
        return Approvals(approvals=approvals_in(self._audit.entries(), self._clock())[::-1])

    def _subject(self, subject: Plan | str) -> tuple[str, str]:
        if isinstance(subject, str):
            if len(subject) not in {26, 64} or not subject.isalnum():
                raise UsageError("That is not the whole id of a plan or a backup.", hint="name the plan's file instead")
            return subject, ""
        if plan_fingerprint(subject, self._database.reflect()) != subject.made_for:
            raise StalePlanError(
                f"The schema of {subject.table} changed after the plan was made; nothing was approved.",
                hint=("make it again and review it with ", Step("plan", (subject.doctype,))),
            )
        return subject.id, subject.doctype

    def _require_allowed(self, job: Job) -> None:
        allow = self.profile.allow
        risky = (f for f in job.findings if f.severity is Severity.BLOCK)
        if allow is not None and (told := tuple(f"{f.rule}: {f.message}" for f in risky if f.rule not in allow)):
            raise AccessError(
                f"{self.name} does not allow what the plan for {job.plan.doctype} would take on; nothing was changed",
                details=told,
                hint="what may be taken on there is said by `allow` in the connection's profile",
            )

    def _allowed(self, accept: Accept) -> Accept:
        """Narrow what is taken on, for the rows are judged again inside the transaction."""
        if (allow := self.profile.allow) is None:
            return accept
        ids = allow if takes_all(accept) else {each for each in accept if each.partition(":")[0].upper() in allow}
        if isinstance(accept, Mapping):
            return {each: accept.get(each, accept.get("all", "")) for each in ids}
        return frozenset(ids)

    def _require_approved(self, subject: str, what: str) -> None:
        if not self.profile.protected:
            return
        if problems := self._audit.chain_problems():
            raise AuditError(
                "The audit log was changed after it was written, so no approval in it counts",
                details=problems,
                hint="a person has to look at it before anything is changed here",
            )
        found = [each for each in self.approvals() if each.subject == subject and not each.used]
        others = [e for e in found if e.account != access.account() and self.profile.may_approve(e.account)]
        if not any(each.state == "valid" for each in others):
            own = any(e.account == access.account() for e in found)
            why = "the approval ran out" if others else "one's own approval does not count" if own else "nobody has"
            raise ApprovalError(
                f"{what} has to be approved by somebody else before it is carried out on {self.name}: {why}.",
                hint=("somebody else reviews it and then approves it with ", Step("approve", (subject,))),
            )
