"""One module a subcommand of `voiceassist eval`: it answers the rows of a gold file and never reads their truth."""
