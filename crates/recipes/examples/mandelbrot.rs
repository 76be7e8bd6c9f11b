//! Processes draw one picture in memory that they share: each takes the next row that nobody has, computes
//! it, and puts it into its place.
//!
//! In Python: an `Array('B', width * height)`, and a `Value('i', 0)` for the next row.
//!
//! Run: `cargo run -p recipes --example mandelbrot`

use std::array;
use std::thread::available_parallelism;

use ipc_common::{Array, Child, Process, Result, Value};

const WIDTH: usize = 72;
const HEIGHT: usize = 25;
const SHADES: &[u8] = b" .:-=+*#%@";

fn shade(column: usize, row: usize) -> u8 {
    let (cx, cy) = (column as f64 / 24.0 - 2.2, row as f64 / 10.0 - 1.2);
    let (mut x, mut y, mut steps) = (0.0, 0.0, 0);
    while x * x + y * y < 4.0 && steps < 1000 {
        (x, y, steps) = (x * x - y * y + cx, 2.0 * x * y + cy, steps + 1);
    }
    SHADES[if steps == 1000 { SHADES.len() - 1 } else { steps % (SHADES.len() - 1) }]
}

fn draw(picture: &Array<[u8; WIDTH]>, next_row: &Value<usize>) -> Result<()> {
    loop {
        let row = next_row.fetch_add(1)?;
        if row >= HEIGHT {
            return Ok(());
        }
        let shades = array::from_fn(|column| shade(column, row)); // computed without the lock
        picture.lock()?[row] = shades;
    }
}

fn main() -> Result<()> {
    let picture = Array::new(&[[b' '; WIDTH]; HEIGHT])?;
    let next_row = Value::new(0)?;
    let processors = available_parallelism().map_or(2, usize::from);
    let painters = (0..processors).map(|_| Process::new(|| draw(&picture, &next_row)).start());
    for painter in painters.collect::<Result<Vec<Child>>>()? {
        painter.join()?;
    }
    for row in picture.lock()?.iter() {
        println!("{}", String::from_utf8_lossy(row));
    }
    Ok(())
}
