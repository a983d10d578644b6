namespace Helios.Sdk.Simulation;

/// <summary>Random numbers that depend on the seed alone (SplitMix64); quick, for a draw or two go with every token.</summary>
internal struct SimulationRandom(ulong seed)
{
    private const int Quantiles = 4096;
    private static readonly float[] Normals = MakeNormals();

    private ulong state = seed;

    public ulong Next()
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Normal with mean 0 and deviation 1, from 4,096 quantiles: within 3.7 of 0.</summary>
    public float Normal() => Normals[Next() >> 52];

    /// <summary>Uniform among <c>[mean / 2, 3 mean / 2]</c>, at least 1.</summary>
    public int Length(int mean)
    {
        var half = mean / 2;
        return Math.Max(1, mean - half + (int)(Next() % (ulong)(2 * half + 1)));
    }

    /// <summary>The greatest <see cref="Length"/> of a mean.</summary>
    public static int Longest(int mean) => mean + mean / 2;

    private static float[] MakeNormals()
    {
        // The normal distribution function, inverted by bisection.
        var normals = new float[Quantiles];
        for (var i = 0; i < Quantiles; i++)
        {
            var (low, high) = (-9.0, 9.0);
            for (var step = 0; step < 50; step++)
            {
                var middle = (low + high) / 2;
                if (Distribution(middle) < (i + 0.5) / Quantiles) low = middle;
                else high = middle;
            }

            normals[i] = (float)low;
        }

        return normals;
    }

    /// <summary>Abramowitz and Stegun 26.2.17: within 7.5e-8.</summary>
    private static double Distribution(double x)
    {
        var t = 1 / (1 + 0.2316419 * Math.Abs(x));
        var tail = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI)
            * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return x > 0 ? 1 - tail : tail;
    }
}
