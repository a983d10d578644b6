using Helios.Sdk.Cpu;
using Helios.Sdk.Simulation;

namespace Helios.Sdk.Tests.PublicApi;

/// <summary>The public surface of every library is what was approved, a text file beside this one, and its reference is what its comments say.</summary>
public class PublicApiTests
{
    private static readonly Type[] AnyOfEach = [typeof(GenerationRequest), typeof(HeliosEngine), typeof(CpuBackend), typeof(ManualClock), typeof(Simulator)];
    private static readonly XmlComments Comments = XmlComments.Of(AnyOfEach.Select(type => type.Assembly));

    public static TheoryData<Type> Libraries => [.. AnyOfEach];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void What_a_library_offers_is_approved(Type anyOfIt) => ApprovedApi.Check(anyOfIt.Assembly);

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_reference_is_that_of_the_documentation_comments(Type anyOfIt)
    {
        var assembly = anyOfIt.Assembly;
        ApprovedFile.Check($"docs/reference/{assembly.GetName().Name}.md", ReferencePrinter.Print(assembly, Comments));
    }

    [Fact]
    public void Comments_become_markdown()
    {
        var comments = XmlComments.Parse("""
            <doc><members>
              <member name="T:Helios.Sdk.Tests.PublicApi.SamplePoint"><summary>A <c>point</c>
                of <see cref="T:Helios.Sdk.Tests.PublicApi.SampleKind"/>, x &lt; 3 | y.</summary></member>
              <member name="P:Helios.Sdk.Tests.PublicApi.SamplePoint.X"><summary>Where.</summary></member>
              <member name="M:Helios.Sdk.Tests.PublicApi.SampleExtensions.Make``1(System.String,System.Double,Helios.Sdk.Tests.PublicApi.SampleKind)">
                <summary>Makes <typeparamref name="TOther"/>.</summary><param name="text">What of.</param><returns>It.</returns>
                <exception cref="T:System.ArgumentException">No <paramref name="text"/>.</exception></member>
              <member name="M:Helios.Sdk.Tests.PublicApi.Sample`1.Compare(System.String,System.String)"><inheritdoc/></member>
            </members></doc>
            """);
        comments.Of(typeof(SamplePoint)).Should().Be("A `point` of `SampleKind`, x &lt; 3 \\| y.");
        comments.Of(typeof(SamplePoint).GetProperty("X")!).Should().Be("Where.");
        comments.Of(typeof(SampleExtensions).GetMethod("Make")!).Should().Be("Makes `TOther`.<br>`text`: What of.<br>Returns: It.<br>`ArgumentException`: No `text`.");
        comments.Of(typeof(Sample<>).GetMethod("Compare")!).Should().Be("See `IComparer.Compare`.");
        comments.Of(typeof(Sample<>)).Should().BeNull();
    }

    [Fact]
    public void It_is_printed_as_it_is_written()
    {
        Lines(typeof(SampleExtensions)).Should().Equal(
            "static class Helios.Sdk.Tests.PublicApi.SampleExtensions",
            "static TOther Make<TOther>(this string text, double scale = 0.5, SampleKind kind = SampleKind.Two) where TOther : struct");
        Lines(typeof(SampleKind)).Should().Equal("enum Helios.Sdk.Tests.PublicApi.SampleKind", "One = 1", "Two = 2");
        Lines(typeof(SamplePoint)).Should().Equal("readonly record struct Helios.Sdk.Tests.PublicApi.SamplePoint", "int X { get; init; }", "new(int X)");
        Lines(typeof(Sample<>)).Should().Equal(
            "abstract class Helios.Sdk.Tests.PublicApi.Sample<T> : IComparer<string> where T : class, IEnumerable<int>",
            "const int Most = 3",
            "event EventHandler Changed",
            "int Compare(string? x, string? y)",
            "protected abstract List<string?>? Find(string? name, in int at, out long? found, params int[] more)",
            "protected new()",
            "required Dictionary<string, T?> Names { get; init; }",
            "string? this[int index] { get; }");

        static IEnumerable<string> Lines(Type type) => new ApiPrinter().Members(type).Select(member => member.Line).Order(StringComparer.Ordinal).Prepend(ApiPrinter.Declaration(type));
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
