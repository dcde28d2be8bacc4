;; Looks through octets for what servers alter in silence, sixteen at a time.
(module
  (memory (export "memory") 1)

  ;; Of the first $length octets of the memory: -1 where there is a NUL, a line feed that does not follow a carriage return, or
  ;; a carriage return that no line feed follows; otherwise 1 when a carriage return came last, and 0 when none did.
  ;; $afterCr: the same of the octets before these.
  (func (export "scan") (param $length i32) (param $afterCr i32) (result i32)
    (local $at i32)
    (local $octets v128)
    (local $crs i32)
    (local $octet i32)

    (block $isShort
      (loop $sixteen
        (br_if $isShort (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $length)))
        (local.set $octets (v128.load (local.get $at)))
        (local.set $crs (i8x16.bitmask (i8x16.eq (local.get $octets) (i8x16.splat (i32.const 13)))))
        ;; Carriage returns, moved on by one octet, are where line feeds are.
        (if (i32.ne
              (i32.and (i32.or (i32.shl (local.get $crs) (i32.const 1)) (local.get $afterCr)) (i32.const 0xffff))
              (i8x16.bitmask (i8x16.eq (local.get $octets) (i8x16.splat (i32.const 10)))))
          (then (return (i32.const -1))))
        (if (i32.eqz (i8x16.all_true (local.get $octets)))
          (then (return (i32.const -1))))
        (local.set $afterCr (i32.shr_u (local.get $crs) (i32.const 15)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $sixteen)))

    (block $isOver
      (loop $one
        (br_if $isOver (i32.ge_u (local.get $at) (local.get $length)))
        (local.set $octet (i32.load8_u (local.get $at)))
        (if (i32.ne (i32.eq (local.get $octet) (i32.const 10)) (local.get $afterCr))
          (then (return (i32.const -1))))
        (if (i32.eqz (local.get $octet))
          (then (return (i32.const -1))))
        (local.set $afterCr (i32.eq (local.get $octet) (i32.const 13)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $one)))

    (local.get $afterCr)))
