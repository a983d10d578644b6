using System.Text.Json;

namespace Helios.Cli.Tests;

/// <summary>Calls the command in this process, as <c>Main</c> does.</summary>
internal static class CliRunner
{
    public static Task<CliResult> RunAsync(params string[] args) => RunAsync(CancellationToken.None, args);

    public static async Task<CliResult> RunAsync(CancellationToken cancellationToken, params string[] args)
    {
        using var stdout = new StringWriter();
        using var stderr = new StringWriter();
        var code = await CliApp.RunAsync(args, stdout, stderr, cancellationToken);
        return new CliResult(code, stdout.ToString(), stderr.ToString());
    }

    /// <summary>Runs with <c>--json</c>, which must succeed and print one document.</summary>
    public static async Task<JsonElement> JsonAsync(params string[] args) => (await LinesAsync(args)).Single();

    /// <summary>Runs with <c>--json</c>, which must succeed and print a document a line.</summary>
    public static async Task<IReadOnlyList<JsonElement>> LinesAsync(params string[] args)
    {
        var result = await RunAsync([.. args, "--json"]);
        result.Error.Should().BeEmpty();
        result.Code.Should().Be(ExitCode.Done);
        return result.Lines();
    }
}

/// <summary>What a command left behind.</summary>
internal sealed record CliResult(int Code, string Out, string Error)
{
    public IReadOnlyList<JsonElement> Lines() =>
        [.. Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
}

internal static class JsonReading
{
    public static int Int(this JsonElement element, string field) => element.GetProperty(field).GetInt32();

    public static long Long(this JsonElement element, string field) => element.GetProperty(field).GetInt64();

    public static double Double(this JsonElement element, string field) => element.GetProperty(field).GetDouble();

    public static double Double(this JsonElement element, string field, double ifMissing) =>
        element.TryGetProperty(field, out var value) ? value.GetDouble() : ifMissing;

    public static string? Text(this JsonElement element, string field) => element.GetProperty(field).GetString();

    public static int[] Ints(this JsonElement element, string field) => [.. element.GetProperty(field).EnumerateArray().Select(value => value.GetInt32())];

    public static string[] Fields(this JsonElement element) => [.. element.EnumerateObject().Select(property => property.Name)];
}
