"""The notebook surface: magics on top of the commands. Parses, calls, shows; decides nothing."""
