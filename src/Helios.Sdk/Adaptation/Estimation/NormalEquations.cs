namespace Helios.Sdk.Adaptation.Estimation;

/// <summary>Normal equations <c>A x = b</c> of a small weighted least-squares problem.</summary>
/// <param name="size">Number of unknowns.</param>
internal sealed class NormalEquations(int size)
{
    private readonly double[,] matrix = new double[size, size];
    private readonly double[] right = new double[size];

    /// <summary>Adds an observation <c>features . x = value</c>.</summary>
    /// <param name="features">One per unknown.</param>
    /// <param name="value">What was seen.</param>
    /// <param name="weight">Weight of its squared error.</param>
    public void Add(ReadOnlySpan<double> features, double value, double weight)
    {
        for (var i = 0; i < size; i++)
        {
            if (features[i] == 0) continue;
            var scaled = features[i] * weight;
            right[i] += scaled * value;
            for (var j = 0; j < size; j++) matrix[i, j] += scaled * features[j];
        }
    }

    /// <summary>Adds all that other equations hold.</summary>
    /// <param name="other">Equations of the same unknowns.</param>
    public void Add(NormalEquations other)
    {
        for (var i = 0; i < size; i++)
        {
            right[i] += other.right[i];
            for (var j = 0; j < size; j++) matrix[i, j] += other.matrix[i, j];
        }
    }

    /// <summary>Multiplies the weight of all that was seen.</summary>
    /// <param name="factor">0..1.</param>
    public void Scale(double factor)
    {
        for (var i = 0; i < size; i++)
        {
            right[i] *= factor;
            for (var j = 0; j < size; j++) matrix[i, j] *= factor;
        }
    }

    /// <summary>Pulls an unknown toward 0.</summary>
    /// <param name="unknown">Its index.</param>
    /// <param name="weight">Weight of its square.</param>
    public void Penalize(int unknown, double weight) => matrix[unknown, unknown] += weight;

    /// <summary>Pulls two unknowns together.</summary>
    /// <param name="first">Index of one.</param>
    /// <param name="second">Index of the other.</param>
    /// <param name="weight">Weight of the square of their difference.</param>
    public void PenalizeDifference(int first, int second, double weight)
    {
        matrix[first, first] += weight;
        matrix[second, second] += weight;
        matrix[first, second] -= weight;
        matrix[second, first] -= weight;
    }

    /// <summary>
    /// Solves with no unknown below 0: as long as some are, the one that hurts most is held at 0. That is not the exact
    /// non-negative solution in every case, but a close one in a fixed number of steps.
    /// </summary>
    public double[] SolveNonNegative()
    {
        var free = Enumerable.Range(0, size).ToList();
        while (free.Count > 0)
        {
            var solution = Solve(free);
            var worst = free.MinBy(i => solution[i] * Math.Sqrt(matrix[i, i]));
            if (solution[worst] >= 0) return solution;
            free.Remove(worst);
        }

        return new double[size];
    }

    /// <summary>Solves by Cholesky for some unknowns, the others being 0.</summary>
    private double[] Solve(List<int> free)
    {
        var n = free.Count;
        var lower = new double[n, n];
        var x = new double[n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var sum = matrix[free[i], free[j]];
                for (var k = 0; k < j; k++) sum -= lower[i, k] * lower[j, k];
                // Rounding may eat a pivot that only the ridge holds above 0.
                lower[i, j] = i == j ? Math.Sqrt(Math.Max(sum, 1e-14 * matrix[free[i], free[i]])) : sum / lower[j, j];
            }

            x[i] = right[free[i]];
            for (var k = 0; k < i; k++) x[i] -= lower[i, k] * x[k];
            x[i] /= lower[i, i];
        }

        var solution = new double[size];
        for (var i = n - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < n; k++) x[i] -= lower[k, i] * x[k];
            solution[free[i]] = x[i] /= lower[i, i];
        }

        return solution;
    }
}
