/** npm run build: installs and builds every package, the documentation site among them. */
import { bootstrap, main } from './bootstrap.mjs';

main(bootstrap);
