// Nobody attacks: what the figures of the others are to be seen beside.
export async function attack() {
  return {};
}
