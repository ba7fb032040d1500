"""Build the indexes of a copied collection, in a process of its own: the engine holds the interpreter's lock
throughout (120 s for 50,000 points on a busy machine), and the owner must go on answering.

python -m voiceassist.adapters.vectord.optimize DIRECTORY
"""

import os
import sys


def main() -> None:
    import qdrant_edge as edge

    os.nice(10)
    engine = edge.EdgeShard.load(sys.argv[1])
    engine.optimize()
    engine.flush()
    engine.close()


if __name__ == "__main__":
    main()
