//! Schedulers that die while they fire: between the step of a task's next run and the commit that has its run with it, and
//! right after that commit. Each fire is one run in the end, whoever begins it.

use crate::cases::{Figures, PATIENCE, told};
use crate::node::{At, Work};
use crate::process::{until, was_killed};
use crate::world::{Database, Firing, World};

/// The most tasks that are due when a node starts. Several are fired together: all of them, or none.
const DUE_MAX: u64 = 3;
/// Before the commit of a fire, and after it.
const POINTS: [&str; 2] = ["firing", "fired"];

/// Nodes kill themselves at each point in turn, with one to three tasks that are due.
pub fn fires(world: &mut World, kills: usize) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let rounds = kills.max(2 * POINTS.len());
    for (round, point) in POINTS.iter().cycle().take(rounds).enumerate() {
        let due: Vec<Firing> = (0..=world.rng.below(DUE_MAX))
            .map(|number| world.due_task(format!("round {round}, task {number}")))
            .collect();
        let mut node = world.start(Work::Serve, Some(At { point, pass: 1, signal: "KILL" }));
        match node.wait(PATIENCE) {
            Some(status) if was_killed(status) => figures.kills += 1,
            ended => {
                return Err(told(format!("a node did not kill itself at “{point}”: {ended:?}"), &node));
            }
        }
        let committed = if *point == "fired" { due.len() } else { 0 };
        see_whole(world, &due, committed)?;
        figures.caught += due.iter().filter(|firing| world.is_to_come(**firing)).count();
        see_fired(world, &due)?;
    }
    Ok(figures)
}

/// A fire and its run are there together, or neither is; so many are.
fn see_whole(world: &mut World, due: &[Firing], committed: usize) -> Result<(), String> {
    let mut fired = 0;
    for firing in due {
        match (world.is_to_come(*firing), world.runs(*firing)) {
            (true, [0, 0, 0]) => {}
            (false, [1, 1, _]) => fired += 1,
            (to_come, runs) => {
                return Err(format!("after a kill: still to come: {to_come}, runs: {runs:?} ({firing:?})"));
            }
        }
    }
    if fired == committed { Ok(()) } else { Err(format!("{fired} fires were committed, not {committed}")) }
}

/// The next to start, or on PostgreSQL the next two, fire what is left, and bring all runs to their end.
fn see_fired(world: &mut World, due: &[Firing]) -> Result<(), String> {
    let mut nodes = vec![world.start(Work::Serve, None)];
    if world.database == Database::Postgres {
        nodes.push(world.start(Work::Serve, None));
    }
    let over = until(PATIENCE, || due.iter().all(|firing| world.runs(*firing)[2] == 1).then_some(()));
    for firing in due {
        let runs = world.runs(*firing);
        if over.is_none() || runs != [1, 1, 1] || world.is_to_come(*firing) {
            return Err(told(format!("not fired once, but {runs:?} ({firing:?})"), &nodes[0]));
        }
    }
    Ok(())
}
