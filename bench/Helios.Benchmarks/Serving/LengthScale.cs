using Helios.Cli.Benching;

namespace Helios.Benchmarks.Serving;

/// <summary>
/// Scales lengths by one factor, so that their distribution keeps its shape: the length that 99 % do not pass becomes the
/// most there may be, the few above it are cut to that, and nothing becomes shorter than one.
/// </summary>
internal sealed class LengthScale
{
    private const double Share = 0.99;

    private readonly int most;

    public LengthScale(IEnumerable<int> lengths, int most)
    {
        var samples = new Samples();
        foreach (var length in lengths) samples.Add(length);
        Factor = most / samples.At(Share);
        this.most = most;
    }

    public double Factor { get; }

    public int Scale(int length) => Math.Clamp((int)Math.Ceiling(length * Factor), 1, most);
}
