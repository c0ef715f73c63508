# A JIT inside a JIT: everything that V8 compiles, twice over.
NO_COLOR=1 NODE_DISABLE_COLORS=1 node /checks/jit.js
