"""What inbox_api does. Each action decides and owns its connection or transaction, and raises `HubError`. Called by the routes."""
