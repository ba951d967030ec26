"""Ways to get programs their answers: online, from batch files, from the store alone."""
