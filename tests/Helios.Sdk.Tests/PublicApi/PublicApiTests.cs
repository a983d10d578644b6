using Helios.Sdk.Cpu;

namespace Helios.Sdk.Tests.PublicApi;

/// <summary>The public surface of every library is what was approved: a text file beside this one, reviewed like code.</summary>
public class PublicApiTests
{
    private const string Approve = "HELIOS_APPROVE_API";

    public static TheoryData<Type> Libraries => [typeof(GenerationRequest), typeof(HeliosEngine), typeof(CpuBackend), typeof(ManualClock)];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void What_a_library_offers_is_approved(Type anyOfIt)
    {
        var name = anyOfIt.Assembly.GetName().Name!;
        var file = Path.Combine(TestData.Root, "tests", "Helios.Sdk.Tests", "PublicApi", $"{name}.txt");
        var offered = ApiPrinter.Print(anyOfIt.Assembly.GetExportedTypes());
        if (Environment.GetEnvironmentVariable(Approve) == "1") File.WriteAllText(file, offered);
        var approved = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";

        if (offered != approved) Assert.Fail($"The public surface of {name} is not what {file} says:\n{Difference(approved, offered)}\nIf it is meant, approve it and commit the file: {Approve}=1 dotnet test -c Release tests/Helios.Sdk.Tests --filter PublicApi");
    }

    [Fact]
    public void It_is_printed_as_it_is_written()
    {
        ApiPrinter.Print([typeof(Sample<>), typeof(SampleExtensions), typeof(SampleKind), typeof(SamplePoint)]).Should().Be("""
            static class Helios.Sdk.Tests.PublicApi.SampleExtensions
                static TOther Make<TOther>(this string text, double scale = 0.5, SampleKind kind = SampleKind.Two) where TOther : struct

            enum Helios.Sdk.Tests.PublicApi.SampleKind
                One = 1
                Two = 2

            readonly record struct Helios.Sdk.Tests.PublicApi.SamplePoint
                int X { get; init; }
                new(int X)

            abstract class Helios.Sdk.Tests.PublicApi.Sample<T> : IComparer<string> where T : class, IEnumerable<int>
                const int Most = 3
                event EventHandler Changed
                int Compare(string? x, string? y)
                protected abstract List<string?>? Find(string? name, in int at, out long? found, params int[] more)
                protected new()
                required Dictionary<string, T?> Names { get; init; }
                string? this[int index] { get; }

            """.ReplaceLineEndings("\n"));
    }

    private static string Difference(string approved, string offered)
    {
        var (before, after) = (approved.Split('\n'), offered.Split('\n'));
        return string.Join('\n', before.Except(after, StringComparer.Ordinal).Select(line => $"- {line}").Concat(after.Except(before, StringComparer.Ordinal).Select(line => $"+ {line}")));
    }
}

public enum SampleKind
{
    One = 1,
    Two,
}

public readonly record struct SamplePoint(int X);

public abstract class Sample<T> : IComparer<string>
    where T : class, IEnumerable<int>
{
    public const int Most = 3;

    protected Sample()
    {
    }

    public event EventHandler? Changed;

    public required Dictionary<string, T?> Names { get; init; }

    internal string Hidden => "";

    public string? this[int index] => index == 0 ? null : Hidden;

    public int Compare(string? x, string? y)
    {
        Changed?.Invoke(this, EventArgs.Empty);
        return 0;
    }

    protected abstract List<string?>? Find(string? name, in int at, out long? found, params int[] more);
}

public static class SampleExtensions
{
    public static TOther Make<TOther>(this string text, double scale = 0.5, SampleKind kind = SampleKind.Two)
        where TOther : struct => default;
}
