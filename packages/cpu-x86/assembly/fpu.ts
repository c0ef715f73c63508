/** x87: what needs more than an IR op. */
export {};
