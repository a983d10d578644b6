using System.Collections.Immutable;
using System.Text.Json;

namespace Helios.Benchmarks.Roofline;

/// <summary>A machine's peaks, and where steps of a model lie under them: what the picture is drawn from.</summary>
/// <param name="Shape">The model.</param>
/// <param name="Device">The hardware as the backend describes it.</param>
/// <param name="Date">When it was measured.</param>
/// <param name="Peaks">Peaks by number of threads, ascending.</param>
/// <param name="Points">Measured steps.</param>
internal sealed record Results(string Shape, string Device, DateOnly Date, ImmutableArray<Peak> Peaks, ImmutableArray<Point> Points)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Results Read(string path) =>
        JsonSerializer.Deserialize<Results>(File.ReadAllText(path), Json) ?? throw new InvalidDataException($"{path}: no results.");

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
}

/// <summary>What the machine gives at best.</summary>
/// <param name="Threads">Threads at work.</param>
/// <param name="GbPerS">Billions of bytes a second read from memory.</param>
/// <param name="Gflops">Billions of FP32 operations a second, a fused one counted as two.</param>
internal sealed record Peak(int Threads, double GbPerS, double Gflops);

/// <summary>A kind of step.</summary>
/// <param name="Label">What ran, e.g. <c>B=8</c> or <c>prefill 512</c>.</param>
/// <param name="Precision">How weights are held.</param>
/// <param name="TokensPerSecond">Tokens a second.</param>
/// <param name="FlopsPerByte">Operations of matrix products for every byte of weights read, each weight read once a step.</param>
/// <param name="Gflops">Billions of operations a second that came of it.</param>
internal sealed record Point(string Label, string Precision, double TokensPerSecond, double FlopsPerByte, double Gflops);
