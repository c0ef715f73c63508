; From real mode through protected mode to 64-bit mode, user level and back, with an interrupt or exception in each.
; Each step leaves a mark from 0x500 on; modes.test.ts has the list.
bits 16
org 0x7c00
start:
  cli
  xor ax, ax
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov sp, 0x7000
  ; real-mode interrupt
  mov word [0x40*4], int40
  mov word [0x40*4+2], 0
  mov dword [0x500], 0
  sti
  int 0x40
  cli
  lgdt [gdtr]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp 0x08:prot
int40:
  mov dword [0x500], 0x1111
  iret
bits 32
prot:
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov esp, 0x7000
  mov dword [0x504], 0x2222
  ; protected-mode interrupt with 32-bit gate
  mov edi, 0x3000
  mov eax, int41
  mov [edi + 0x41*8], ax
  mov word [edi + 0x41*8 + 2], 8
  mov word [edi + 0x41*8 + 4], 0xef00
  mov word [edi + 0x41*8 + 6], 0
  lidt [idtr32]
  int 0x41
  ; far call and return
  call 0x08:farproc
  ; page tables: PML4 at 0x10000, 1 GiB identity by 2 MiB
  mov edi, 0x10000
  mov ecx, 0x3000/4
  xor eax, eax
  cld
  rep stosd
  mov dword [0x10000], 0x11007
  mov dword [0x11000], 0x12007
  mov edi, 0x12000
  mov eax, 0x87
  mov ecx, 512
.pd:
  mov [edi], eax
  add eax, 0x200000
  add edi, 8
  loop .pd
  mov eax, cr4
  or eax, 0x20
  mov cr4, eax
  mov eax, 0x10000
  mov cr3, eax
  mov ecx, 0xc0000080
  rdmsr
  or eax, 0x901
  wrmsr
  mov eax, cr0
  or eax, 0x80000000
  mov cr0, eax
  jmp 0x18:long64
farproc:
  mov dword [0x50c], 0x4444
  retf
int41:
  mov dword [0x508], 0x3333
  iret
bits 64
long64:
  mov dword [0x510], 0x5555
  mov rsp, 0x7000
  mov ax, 0x38
  ltr ax
  ; IDT 64
  mov rdi, 0x4000
  mov ecx, 512
  xor eax, eax
  rep stosq
  mov rdi, 0x4000
  mov eax, pf
  mov [rdi + 14*16], ax
  mov word [rdi+14*16+2], 0x18
  mov word [rdi+14*16+4], 0x8e00
  mov eax, ud
  mov [rdi + 6*16], ax
  mov word [rdi+6*16+2], 0x18
  mov word [rdi+6*16+4], 0x8e00
  mov eax, de
  mov [rdi + 0*16], ax
  mov word [rdi+0*16+2], 0x18
  mov word [rdi+0*16+4], 0x8e00
  lidt [idtr64]
  mov rax, [qword 0x123456789a]   ; page fault, handler skips 8+2 bytes
  nop
  mov [0x520], rax
  ud2
  mov ecx, 0xc0000081
  xor eax, eax
  mov edx, 0x00200018
  wrmsr
  mov ecx, 0xc0000082
  mov eax, sysentry
  xor edx, edx
  wrmsr
  mov ecx, 0xc0000084
  mov eax, 0x200
  xor edx, edx
  wrmsr
  mov rcx, user
  mov r11d, 0x202
  o64 sysret
user:
  mov rbx, 77
  syscall
  mov [0x540], rax
  xor edx, edx
  xor eax, eax
  div rdx
  syscall
sysentry:
  inc dword [0x548]
  cmp dword [0x548], 2
  je done
  mov eax, 0x7777
  mov [0x538], rbx
  o64 sysret
done:
  mov dword [0x550], 0x9999
  mov rdx, cs
  mov [0x558], rdx
  hlt
pf:
  mov rax, cr2
  mov [0x518], rax
  pop rax
  mov [0x528], rax
  add qword [rsp], 10
  mov rax, 0x6666
  iretq
ud:
  mov dword [0x530], 0x8888
  add qword [rsp], 2
  iretq
de:
  mov dword [0x534], 0xdddd
  mov [0x560], rsp
  add qword [rsp], 3
  iretq
align 8
gdt:
  dq 0
  dq 0x00cf9b000000ffff  ; 08 code32
  dq 0x00cf93000000ffff  ; 10 data
  dq 0x00af9b000000ffff  ; 18 code64
  dq 0x00cf93000000ffff  ; 20 data (syscall ss = 0x18+8); sysret base 0x20: +8 data=28, +16=30
  dq 0x00cff3000000ffff  ; 28 user data
  dq 0x00affb000000ffff  ; 30 user code64
  dq 0x0000890060000067  ; 38 tss base 0x6000
  dq 0
gdtr: dw $-gdt-1
  dd gdt
idtr32: dw 0x7ff
  dd 0x3000
idtr64: dw 0xfff
  dq 0x4000
