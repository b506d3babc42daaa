// What the command palette can do, and whether it is open.
class Commands {
  open = $state(false);
}

export const commands = new Commands();
