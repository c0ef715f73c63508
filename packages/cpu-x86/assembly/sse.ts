/** SSE: what needs more than an IR op. */
export {};
