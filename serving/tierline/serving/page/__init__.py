"""What every page that Tierline writes shares: its look, its pictures, its escaping."""
