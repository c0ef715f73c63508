import { defineConfig } from 'vitepress';

export default defineConfig({
  title: 'Nandu',
  description: 'A 64-bit PC emulator in TypeScript',
  outDir: 'dist',
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Architecture', link: '/architecture' },
      { text: 'Monitor', link: '/monitor-commands' },
    ],
    sidebar: [
      {
        text: 'Using Nandu',
        items: [
          { text: 'Getting started', link: '/getting-started' },
          { text: 'Monitor commands', link: '/monitor-commands' },
          { text: 'virtio-mem', link: '/devices/virtio-mem' },
          { text: 'virtio-balloon', link: '/devices/virtio-balloon' },
        ],
      },
      {
        text: 'Building on Nandu',
        items: [
          { text: 'Architecture', link: '/architecture' },
          { text: 'Performance', link: '/performance' },
          { text: 'Conformance', link: '/conformance' },
          { text: 'A device of your own', link: '/devices/pulse-timer' },
        ],
      },
    ],
    search: { provider: 'local' },
  },
});
