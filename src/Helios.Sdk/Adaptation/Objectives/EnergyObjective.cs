namespace Helios.Sdk.Adaptation.Objectives;

/// <summary><c>energy</c>: fewest joules for a token.</summary>
internal sealed class EnergyObjective : ISloObjective
{
    public string Name => "energy";

    public bool NeedsEnergy => true;

    public ObjectiveScore Score(PointProfile profile) => profile.JoulesPerToken is { } joules
        ? new(-joules, [new("joulesPerToken", joules, "J"), new("throughput", profile.Throughput, "tok/s")])
        : ObjectiveScore.Infeasible("energy is not measured yet");
}
