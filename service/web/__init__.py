"""Pages rendered on the server: templates, wording in catalogues, one small style sheet; no script, no external asset."""
