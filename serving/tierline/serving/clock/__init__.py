"""Time: what the clock alone decides. Hours, deadlines, what has run out, when to ask again."""
