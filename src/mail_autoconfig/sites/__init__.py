"""nginx's servers for names of the sources' domains: one file, tested, reloaded and proven."""
