namespace Helios.Sdk.Simulation;

/// <summary>
/// A token at one exit for one kind of text. How easy a token is, is one normal number for all exits; an exit makes of it
/// the chance that its token is the full-depth one, and the probability that it shows.
/// </summary>
internal sealed class ExitBehaviour
{
    private const int Cells = 512;
    private const float Widest = 4;

    private readonly float[] chance = new float[Cells];
    private readonly float[] shown = new float[Cells];

    public ExitBehaviour(SimulatedExit exit)
    {
        BitsPerByte = exit.BitsPerByte;
        Agreement = exit.Agreement;
        var (low, high) = (-30.0, 30.0);
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (Mean(middle, exit.Spread) < exit.Agreement) low = middle;
            else high = middle;
        }

        for (var cell = 0; cell < Cells; cell++)
        {
            var logit = low + exit.Spread * Easiness(cell);
            chance[cell] = (float)Logistic(logit);
            shown[cell] = (float)Logistic(logit + exit.Overconfidence);
        }
    }

    public double BitsPerByte { get; }

    public double Agreement { get; }

    /// <summary>Chance that the token is the full-depth one, 0..1.</summary>
    /// <param name="easiness">Normal with deviation 1.</param>
    public float Chance(float easiness) => chance[Cell(easiness)];

    /// <summary>Probability that the exit shows, 0..1.</summary>
    /// <param name="easiness">Normal with deviation 1.</param>
    public float Shown(float easiness) => shown[Cell(easiness)];

    /// <summary>Share of tokens whose chance is below a target: a learnt calibration calls them breaches.</summary>
    public double ShareBelow(double target)
    {
        var (below, weights) = (0.0, 0.0);
        for (var cell = 0; cell < Cells; cell++)
        {
            var weight = Math.Exp(-Easiness(cell) * Easiness(cell) / 2);
            weights += weight;
            if (chance[cell] < target) below += weight;
        }

        return below / weights;
    }

    private static int Cell(float easiness) => Math.Clamp((int)((easiness + Widest) * (Cells / (2 * Widest))), 0, Cells - 1);

    private static double Easiness(int cell) => (cell + 0.5) * (2 * Widest / Cells) - Widest;

    private static double Mean(double centre, double spread)
    {
        var (sum, weights) = (0.0, 0.0);
        for (var cell = 0; cell < Cells; cell++)
        {
            var x = Easiness(cell);
            var weight = Math.Exp(-x * x / 2);
            sum += weight * Logistic(centre + spread * x);
            weights += weight;
        }

        return sum / weights;
    }

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));
}
