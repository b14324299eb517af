"""`python -m tierline.training` is the command `tierline`: what `accelerate launch -m` starts."""

from tierline.training.cli import main

if __name__ == "__main__":
    main()
