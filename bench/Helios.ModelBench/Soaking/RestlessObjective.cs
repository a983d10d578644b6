using Helios.Sdk;

namespace Helios.ModelBench.Soaking;

/// <summary>Wants something else every few moments, so that the active point changes again and again.</summary>
internal sealed class RestlessObjective(TimeSpan period, TimeProvider time) : ISloObjective
{
    private readonly long started = time.GetTimestamp();

    public string Name => "restless";

    public ObjectiveScore Score(PointProfile profile)
    {
        var moment = (long)(time.GetElapsedTime(started) / period);
        return new ObjectiveScore(new Random(HashCode.Combine(moment, profile.Point)).NextDouble(), []);
    }
}
