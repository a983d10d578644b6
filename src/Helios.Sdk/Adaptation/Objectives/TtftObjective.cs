namespace Helios.Sdk.Adaptation.Objectives;

/// <summary><c>ttft</c>: least time to the first token, of which nineteen in twenty requests need no more, as traffic is now.</summary>
internal sealed class TtftObjective : ISloObjective
{
    public string Name => "ttft";

    public ObjectiveScore Score(PointProfile profile) => new(
        -(profile.TtftP95Ms ?? profile.TtftMs),
        [.. ScoreTerms.Known("ttftP95", profile.TtftP95Ms, "ms"), new("ttftAlone", profile.TtftMs, "ms"), .. ScoreTerms.Known("utilisation", profile.Utilisation, "share")]);
}
