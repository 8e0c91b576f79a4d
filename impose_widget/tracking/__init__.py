"""Instance-level tracking: what is remembered of everybody, and who is who by the ID decoder (paper section III-B)."""
