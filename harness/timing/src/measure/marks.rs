//! Tells memcheck what is secret, from inside a program that it runs.
//!
//! The functions to know are [`secret`] and [`public`]. Outside valgrind they do nothing. A request to valgrind is a sequence of
//! instructions that change nothing and that no compiler emits; its numbers and arguments are those of `valgrind.h` and `memcheck.h`.

/// What [`secret`] writes into valgrind's record, as `countersign_driver.h` does.
pub const SECRET_MARK: &str = "countersign: secret";
/// What [`public`] writes, if the value depended on a secret.
pub const PUBLIC_MARK: &str = "countersign: public";

const PRINT: usize = 0x1403;
const MAKE_UNDEFINED: usize = 0x4d43_0001;
const MAKE_DEFINED: usize = 0x4d43_0002;
const GET_BITS: usize = 0x4d43_0008;

/// Marks bytes as secret: the right tag, as soon as it is computed. Where a branch or an address depends on them, `countersign timing
/// --taint` and `valgrind --track-origins=yes` report it, with the line.
///
/// ```
/// use countersign_timing::{public, secret};
/// use subtle::ConstantTimeEq as _;
///
/// let (mut right, given) = (*b"the right tag", b"another value");
/// secret(&mut right);
/// let mut equal = [right.ct_eq(given).unwrap_u8()];
/// public(&mut equal);
/// assert_eq!(equal, [0]);
/// ```
pub fn secret(bytes: &mut [u8]) {
    if request(MAKE_UNDEFINED, [bytes.as_ptr() as usize, bytes.len(), 0]) != 0 {
        print(c"countersign: secret\n");
    }
}

/// Makes bytes public: the verdict, right after the comparison.
pub fn public(bytes: &mut [u8]) {
    let mut depends = false;
    for byte in bytes.iter() {
        let mut bits = [0_u8];
        let known = request(GET_BITS, [std::ptr::from_ref(byte) as usize, bits.as_mut_ptr() as usize, 1]);
        depends |= known == 1 && bits != [0];
    }
    request(MAKE_DEFINED, [bytes.as_ptr() as usize, bytes.len(), 0]);
    if depends {
        print(c"countersign: public\n");
    }
}

fn print(text: &std::ffi::CStr) {
    // A list of arguments that nothing in the text asks for.
    let list = [0_usize; 4];
    request(PRINT, [text.as_ptr() as usize, list.as_ptr() as usize, 0]);
}

/// What valgrind answers; 0 without it.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "a request to valgrind is a sequence of instructions, not a function")]
fn request(number: usize, [one, two, three]: [usize; 3]) -> usize {
    let arguments = [number, one, two, three, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: the rotations add up to whole turns, so that the register is as before; the exchange is of a register with itself. Valgrind
    // reads the arguments and writes only to the bytes that they name, which the caller holds.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            inout("rdx") answer,
            in("rax") arguments.as_ptr(),
            options(nostack),
        );
    }
    answer
}

/// What valgrind answers; 0 without it.
#[cfg(target_arch = "aarch64")]
#[expect(unsafe_code, reason = "a request to valgrind is a sequence of instructions, not a function")]
fn request(number: usize, [one, two, three]: [usize; 3]) -> usize {
    let arguments = [number, one, two, three, 0, 0];
    let mut answer = 0_usize;
    // SAFETY: the rotations add up to whole turns, so that the register is as before. Valgrind reads the arguments and writes only to the
    // bytes that they name, which the caller holds.
    unsafe {
        std::arch::asm!(
            "ror x12, x12, #3",
            "ror x12, x12, #13",
            "ror x12, x12, #51",
            "ror x12, x12, #61",
            "orr x10, x10, x10",
            inout("x3") answer,
            in("x4") arguments.as_ptr(),
            options(nostack),
        );
    }
    answer
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn request(_: usize, _: [usize; 3]) -> usize {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_valgrind_marks_change_nothing() {
        let mut bytes = *b"some bytes";
        secret(&mut bytes);
        public(&mut bytes);
        assert_eq!(&bytes, b"some bytes");
    }
}
