"""HTTP in, HTTP out: SCIM under /scim/v2, the tree under /v1/directory."""
