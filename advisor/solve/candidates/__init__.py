"""What could be deployed: rows of boards, completed by laws, with every metric and how sure it is."""
