"""The log of a taxonomy: what it was at each version, what each change did, and how to take it back."""
