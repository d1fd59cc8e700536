"""The directory: a platform's organisations, clinics, users and memberships, and who belonged where in which version.

Writes    platforms, organisations, clinics, users, memberships, scope_user_counts. Nobody else does.
Called by the command line (`message-hub platform`, `message-hub import`) through `actions`.
Must not  know of messages, HTTP or the broker.
"""
