"""`python -m sodaf_nb.backup DIRECTORY BACKUP ...`: the child process of a restore drill."""

from sodaf_nb.backup.drilling import main

main()
