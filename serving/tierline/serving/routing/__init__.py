"""The pure decision, and what stands around it when tickets are answered."""
