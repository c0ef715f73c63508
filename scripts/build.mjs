/** npm run build: installs and builds every package, the documentation site among them. */
import { bootstrap, main } from './bootstrap.mjs';

main({ name: 'npm run build', about: 'Installs dependencies and builds every package, the documentation site among them.' }, bootstrap);
