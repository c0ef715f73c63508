/**
 * Features that `-cpu` knows by name, as QEMU 7.2 does, but that no processor here will ever have: parts of VMX, SGX, processor
 * trace, VIA's and KVM's leaves. By the register that QEMU names in its message, in the order of bits.
 */
export const NEVER: readonly (readonly [place: string, names: string])[] = [
  ['CPUID.C0000001H:EDX', '- - xstore xstore-en - - xcrypt xcrypt-en ace2 ace2-en phe phe-en pmm pmm-en'],
  [
    'CPUID.40000001H:EAX',
    'kvmclock kvm-nopiodelay kvm-mmu - kvm-asyncpf kvm-steal-time kvm-pv-eoi kvm-pv-unhalt - kvm-pv-tlb-flush - kvm-pv-ipi kvm-poll-control kvm-pv-sched-yield kvm-asyncpf-int kvm-msi-ext-dest-id - - - - - - - - kvmclock-stable-bit',
  ],
  ['CPUID.40000001H:EDX', 'kvm-hint-dedicated'],
  ['MSR(10AH)', 'rdctl-no ibrs-all rsba skip-l1dfl-vmentry ssb-no mds-no pschange-mc-no tsx-ctrl taa-no'],
  ['MSR(CFH)', '- - - - - split-lock-detect'],
  ['MSR(345H)', '- - - - - - - - - - - - - full-width-write'],
  [
    'MSR(48EH)',
    '- - vmx-vintr-pending vmx-tsc-offset - - - vmx-hlt-exit - vmx-invlpg-exit vmx-mwait-exit vmx-rdpmc-exit vmx-rdtsc-exit - - vmx-cr3-load-noexit vmx-cr3-store-noexit - - vmx-cr8-load-exit vmx-cr8-store-exit vmx-flexpriority vmx-vnmi-pending vmx-movdr-exit vmx-io-exit vmx-io-bitmap - vmx-mtf vmx-msr-bitmap vmx-monitor-exit vmx-pause-exit vmx-secondary-ctls',
  ],
  [
    'MSR(48BH)',
    'vmx-apicv-xapic vmx-ept vmx-desc-exit vmx-rdtscp-exit vmx-apicv-x2apic vmx-vpid vmx-wbinvd-exit vmx-unrestricted-guest vmx-apicv-register vmx-apicv-vid vmx-ple vmx-rdrand-exit vmx-invpcid-exit vmx-vmfunc vmx-shadow-vmcs vmx-encls-exit vmx-rdseed-exit vmx-pml - - vmx-xsaves - - - - vmx-tsc-scaling',
  ],
  ['MSR(48DH)', 'vmx-intr-exit - - vmx-nmi-exit - vmx-vnmi vmx-preemption-timer vmx-posted-intr'],
  [
    'MSR(48FH)',
    '- - vmx-exit-nosave-debugctl - - - - - - - - - vmx-exit-load-perf-global-ctrl - - vmx-exit-ack-intr - - vmx-exit-save-pat vmx-exit-load-pat vmx-exit-save-efer vmx-exit-load-efer vmx-exit-save-preemption-timer vmx-exit-clear-bndcfgs - vmx-exit-clear-rtit-ctl - - - vmx-exit-load-pkrs',
  ],
  [
    'MSR(490H)',
    '- - vmx-entry-noload-debugctl - - - - - - vmx-entry-ia32e-mode - - - vmx-entry-load-perf-global-ctrl vmx-entry-load-pat vmx-entry-load-efer vmx-entry-load-bndcfgs - vmx-entry-load-rtit-ctl - - - vmx-entry-load-pkrs',
  ],
  [
    'MSR(485H)',
    '- - - - - vmx-store-lma vmx-activity-hlt vmx-activity-shutdown vmx-activity-wait-sipi - - - - - - - - - - - - - - - - - - - - vmx-vmwrite-vmexit-fields vmx-zero-len-inject',
  ],
  [
    'MSR(48CH)',
    'vmx-ept-execonly - - - - - vmx-page-walk-4 vmx-page-walk-5 - - - - - - - - vmx-ept-2mb vmx-ept-1gb - - vmx-invept vmx-eptad vmx-ept-advanced-exitinfo - - vmx-invept-single-context vmx-invept-all-context - - - - - vmx-invvpid - - - - - - - vmx-invvpid-single-addr vmx-invept-single-context vmx-invvpid-all-context vmx-invept-single-context-noglobals',
  ],
  ['MSR(480H)', '- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - vmx-ins-outs vmx-true-ctls'],
  ['MSR(491H)', 'vmx-eptp-switching'],
  ['CPUID.14H:ECX', '- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - intel-pt-lip'],
  ['CPUID.12H:EAX', 'sgx1 sgx2'],
  ['CPUID.12H:EAX', '- sgx-debug sgx-mode64 - sgx-provisionkey sgx-tokenkey - sgx-kss'],
  ['CPUID.12H:EBX', 'sgx-exinfo'],
];
