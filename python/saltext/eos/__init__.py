"""Salt brings environments up by Terraform: in order, under locks, exactly as planned."""
