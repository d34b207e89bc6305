//! A picture made smaller while its rows come, one after another: only what it becomes is in memory. Each pixel of the new
//! picture is the mean of what lies under it, weighed by how much of it does.

use crate::domain::media_limits::within;
use image::RgbaImage;

/// How a row's pixels lie in bytes, of eight bits a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
    /// As it is printed: so much of each ink, of cyan, magenta, yellow and black.
    Cmyk,
}

impl Colours {
    /// In bytes, of one pixel.
    pub fn bytes(self) -> usize {
        match self {
            Colours::Grey => 1,
            Colours::GreyAlpha => 2,
            Colours::Rgb => 3,
            Colours::Rgba | Colours::Cmyk => 4,
        }
    }

    /// Red, green, blue, and how much of them is seen.
    fn read(self, pixel: &[u8]) -> [u64; 4] {
        const FULL: u64 = 255;
        let at = |index: usize| pixel.get(index).copied().map_or(0, u64::from);
        match self {
            Colours::Grey => [at(0), at(0), at(0), FULL],
            Colours::GreyAlpha => [at(0), at(0), at(0), at(1)],
            Colours::Rgb => [at(0), at(1), at(2), FULL],
            Colours::Rgba => [at(0), at(1), at(2), at(3)],
            Colours::Cmyk => {
                let light = |ink: u64| (FULL - ink) * (FULL - at(3)) / FULL;
                [light(at(0)), light(at(1)), light(at(2)), FULL]
            }
        }
    }
}

/// What lies under a new pixel. Colours count as much as is seen of them, or the colour of what is clear would shine through.
/// The largest is 50 million pixels of 255 times 255: far from the end of 64 bits.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    colours: [u64; 3],
    alpha: u64,
}

impl Sum {
    fn add(&mut self, [red, green, blue, alpha]: [u64; 4], weight: u64) {
        let seen = alpha * weight;
        self.alpha += seen;
        for (sum, colour) in self.colours.iter_mut().zip([red, green, blue]) {
            *sum += colour * seen;
        }
    }

    fn add_sum(&mut self, other: &Sum, weight: u64) {
        self.alpha += other.alpha * weight;
        for (sum, colour) in self.colours.iter_mut().zip(other.colours) {
            *sum += colour * weight;
        }
    }

    /// The mean, of so much weight.
    fn mean(&self, weight: u64) -> [u8; 4] {
        let rounded = |sum: u64, by: u64| {
            let mean = (sum + by / 2).checked_div(by).unwrap_or(0);
            u8::try_from(mean).unwrap_or(u8::MAX)
        };
        let [red, green, blue] = self.colours.map(|colour| rounded(colour, self.alpha));
        [red, green, blue, rounded(self.alpha, weight)]
    }
}

/// A picture that is being made smaller.
///
/// An old pixel is as wide as the new picture has columns, and a new one as wide as the old picture has: so that weights are
/// whole numbers. It is the same with rows.
pub(super) struct Shrink {
    from: (u32, u32),
    to: (u32, u32),
    colours: Colours,
    /// The row that came last, of the new width.
    narrow: Vec<Sum>,
    /// What lies under the new row that is being made, and how much of its height has still to come.
    open: Vec<Sum>,
    room: u64,
    made: Vec<u8>,
}

impl Shrink {
    /// Of a picture of this size, neither of whose sides is 0, to one whose longer side has at most `side` pixels.
    pub fn new((width, height): (u32, u32), colours: Colours, side: u32) -> Self {
        let to = within(width, height, side);
        let columns = usize::try_from(to.0).unwrap_or(0);
        Shrink {
            from: (width, height),
            to,
            colours,
            narrow: vec![Sum::default(); columns],
            open: vec![Sum::default(); columns],
            room: u64::from(height),
            made: Vec::new(),
        }
    }

    /// The next row. What is missing of it is clear.
    pub fn row(&mut self, row: &[u8]) {
        self.narrow(row);
        let mut left = u64::from(self.to.1);
        while left > 0 {
            let taken = left.min(self.room);
            for (open, narrow) in self.open.iter_mut().zip(&self.narrow) {
                open.add_sum(narrow, taken);
            }
            left -= taken;
            self.room -= taken;
            if self.room == 0 {
                self.close();
            }
        }
    }

    /// Sums up what lies under each column.
    fn narrow(&mut self, row: &[u8]) {
        let (width, wide) = (u64::from(self.from.0), u64::from(self.to.0));
        self.narrow.fill(Sum::default());
        let mut columns = self.narrow.iter_mut();
        let Some(mut column) = columns.next() else { return };
        let mut room = width;
        for pixel in row.chunks_exact(self.colours.bytes()) {
            let pixel = self.colours.read(pixel);
            let mut left = wide;
            while left > 0 {
                if room == 0 {
                    let Some(next) = columns.next() else { return };
                    (column, room) = (next, width);
                }
                let taken = left.min(room);
                column.add(pixel, taken);
                left -= taken;
                room -= taken;
            }
        }
    }

    fn close(&mut self) {
        let weight = u64::from(self.from.0) * u64::from(self.from.1);
        for open in &mut self.open {
            self.made.extend(open.mean(weight));
            *open = Sum::default();
        }
        self.room = u64::from(self.from.1);
    }

    /// The new picture. None where not every row came.
    pub fn end(self) -> Option<RgbaImage> {
        RgbaImage::from_raw(self.to.0, self.to.1, self.made)
    }
}

/// A picture that is in memory, made smaller.
pub(super) fn shrunk(image: &RgbaImage, side: u32) -> Option<RgbaImage> {
    let mut shrink = Shrink::new(image.dimensions(), Colours::Rgba, side);
    let row = usize::try_from(image.width()).unwrap_or(0) * Colours::Rgba.bytes();
    image.as_raw().chunks_exact(row).for_each(|row| shrink.row(row));
    shrink.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgba;

    #[test]
    fn a_picture_that_is_small_enough_stays_as_it_is() {
        let image = RgbaImage::from_fn(7, 5, |x, y| {
            let part = |times: u32| u8::try_from((x * 31 + y * 17) * times % 256).expect("a colour");
            Rgba([part(1), part(3), part(7), 1 + part(5) / 2])
        });
        assert_eq!(shrunk(&image, 7), Some(image));
    }

    /// Three columns become two: the one in the middle is half of each.
    #[test]
    fn a_new_pixel_is_the_mean_of_what_lies_under_it() {
        let mut shrink = Shrink::new((3, 3), Colours::Grey, 2);
        for row in [[0, 90, 30], [0, 90, 30], [60, 60, 60]] {
            shrink.row(&row);
        }
        let made = shrink.end().expect("every row came");
        let greys: Vec<u8> = made.pixels().map(|pixel| pixel.0[0]).collect();
        // The upper: (0 * 2 + 90) / 3 and (90 + 30 * 2) / 3. The lower has a third of them, and two of 60.
        assert_eq!(greys, [30, 50, 50, 57]);
        assert!(made.pixels().all(|pixel| pixel.0[3] == 255));
    }

    /// The red of what nobody sees is not in it.
    #[test]
    fn the_colour_of_what_is_clear_does_not_shine_through() {
        let mut shrink = Shrink::new((2, 1), Colours::Rgba, 1);
        shrink.row(&[255, 0, 0, 0, 0, 0, 200, 255]);
        assert_eq!(shrink.end().expect("every row came").get_pixel(0, 0), &Rgba([0, 0, 200, 128]));
    }

    #[test]
    fn colours_are_read_as_they_lie() {
        for (colours, pixel, seen) in [
            (Colours::Grey, &[7][..], [7, 7, 7, 255]),
            (Colours::GreyAlpha, &[7, 9], [7, 7, 7, 9]),
            (Colours::Rgb, &[1, 2, 3], [1, 2, 3, 255]),
            (Colours::Rgba, &[1, 2, 3, 4], [1, 2, 3, 4]),
            (Colours::Cmyk, &[0, 255, 0, 0], [255, 0, 255, 255]),
            (Colours::Cmyk, &[0, 0, 0, 255], [0, 0, 0, 255]),
        ] {
            assert_eq!(colours.read(pixel), seen, "{colours:?}");
        }
    }

    #[test]
    fn one_that_is_cut_short_is_none() {
        let mut shrink = Shrink::new((2, 2), Colours::Grey, 2);
        shrink.row(&[1, 2]);
        assert_eq!(shrink.end(), None);
    }
}
