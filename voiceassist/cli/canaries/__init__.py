"""The canary from the command line: every file and table of this machine's installation is read (functions/canary)."""
