"""Parts of personas made anew: what an edited tree leaves no ground for, and what a twin has otherwise."""
