//! The pictures that a file names by paths beside it: found, never outside the folder, and read.
//!
//! What a text names by an address (on the web, or of a picture that is kept already), and by a path from the root of some
//! site (`/images/a.png`), is left as it is: nothing of it is beside the file.

use super::{ImportFault, Post, Problem};
use crate::domain::media::SOURCE_MAX_BYTES;
use crate::media::{Received, Store, StoreError};
use crate::render::wechat::{self, ImageSource};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use url::Url;

/// What is done with pictures.
#[derive(Debug, Clone, Copy)]
pub enum Pictures<'a> {
    /// They are looked at, and left where they are: for a rehearsal.
    Looked,
    /// They are taken in, for an import that gives them their places.
    Taken(&'a Store),
}

/// A picture that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// As the file names it.
    pub source: String,
    /// Where it is, without links.
    pub(super) place: PathBuf,
    pub received: Received,
}

/// The pictures of a folder as far as they were seen: one that many files show is read once.
pub(super) struct Seen<'a> {
    /// Without links.
    root: PathBuf,
    pictures: Pictures<'a>,
    by_place: HashMap<PathBuf, Result<Received, ImportFault>>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(root: PathBuf, pictures: Pictures<'a>) -> Self {
        Seen { root, pictures, by_place: HashMap::new() }
    }

    /// Those that a post names, or everything that is wrong with them. `file` is where it is, without links.
    pub(super) fn pictures_of(&mut self, post: &Post, file: &Path) -> Result<Vec<Picture>, Vec<Problem>> {
        let (mut pictures, mut problems) = (Vec::new(), Vec::new());
        for source in sources(post) {
            match self.picture(&source, file) {
                Ok((place, received)) => pictures.push(Picture { source, place, received }),
                Err(fault) => problems.push(Problem { line: line_of(post, &source), fault }),
            }
        }
        if problems.is_empty() { Ok(pictures) } else { Err(problems) }
    }

    fn picture(&mut self, source: &str, file: &Path) -> Result<(PathBuf, Received), ImportFault> {
        let place = self.find(source, file)?;
        if let Some(known) = self.by_place.get(&place) {
            let known = known.clone().map_err(|fault| called(fault, source))?;
            return Ok((place, known));
        }
        let received = receive(source, &place, self.pictures);
        self.by_place.insert(place.clone(), received.clone());
        Ok((place, received?))
    }

    /// Where it truly is: links are followed before it is asked whether that is inside.
    fn find(&self, source: &str, file: &Path) -> Result<PathBuf, ImportFault> {
        let missing = || ImportFault::NoPicture(super::shortened(source));
        let beside = file.parent().ok_or_else(missing)?;
        let mut fault = missing();
        for name in names(source) {
            match beside.join(name).canonicalize() {
                Ok(place) if !place.starts_with(&self.root) => {
                    return Err(ImportFault::PictureOut(super::shortened(source)));
                }
                Ok(place) if place.is_file() => return Ok(place),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => fault = unreadable(source, &error),
            }
        }
        Err(fault)
    }
}

/// What was wrong with a picture, told of the name that this file has for it.
fn called(fault: ImportFault, source: &str) -> ImportFault {
    match fault {
        ImportFault::PictureUnreadable { picture: _, why } => {
            ImportFault::PictureUnreadable { picture: super::shortened(source), why }
        }
        other => other,
    }
}

fn unreadable(source: &str, error: &dyn std::fmt::Display) -> ImportFault {
    ImportFault::PictureUnreadable { picture: super::shortened(source), why: error.to_string() }
}

/// As it is written, and else without the escapes that addresses have: `my%20cat.png` may be either.
fn names(source: &str) -> Vec<String> {
    let plain: Vec<u8> = unescaped(source.as_bytes());
    let plain = String::from_utf8(plain).ok().filter(|plain| plain != source && !plain.contains('\0'));
    [Some(source.to_owned()), plain].into_iter().flatten().collect()
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut plain, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(byte) = text.get(at) {
        match (*byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or(*byte));
                at += 3;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    plain
}

fn receive(source: &str, place: &Path, pictures: Pictures<'_>) -> Result<Received, ImportFault> {
    let shown = super::shortened(source);
    let mut file = fs::File::open(place).map_err(|error| unreadable(source, &error))?;
    let received = match pictures {
        Pictures::Looked => Received::looked_at(&shown, &mut file),
        Pictures::Taken(store) => store.receive(&shown, file),
    };
    received.map_err(|error| match error {
        StoreError::Picture(fault) => fault.into(),
        error => unreadable(source, &error),
    })
}

/// What a post calls its pictures that are beside it, each once.
fn sources(post: &Post) -> Vec<String> {
    let images = wechat::images(&post.body).into_iter().map(|ImageSource(source)| source);
    let mut sources: Vec<String> = images.filter(|source| is_beside(source)).collect();
    let cover = post.cover.clone().filter(|cover| is_beside(cover) && !sources.contains(cover));
    sources.extend(cover);
    sources
}

/// Whether it is a path that begins at the file.
fn is_beside(source: &str) -> bool {
    let is_path = !source.is_empty() && source.len() <= SOURCE_MAX_BYTES && !source.starts_with(['/', '\\']);
    is_path && Url::parse(source).is_err()
}

/// The line that names it first: of the body, or else of the front matter.
fn line_of(post: &Post, source: &str) -> Option<usize> {
    let body = post.line_of("body")?;
    let within = post.body.lines().position(|line| line.contains(source));
    within.map(|line| body + line).or_else(|| post.line_of("cover"))
}

#[cfg(test)]
mod tests;
