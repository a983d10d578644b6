namespace Helios.Sdk.Tests.PublicApi;

/// <summary>A file of the repository that says what the code offers: written by the tests when asked to, reviewed like code.</summary>
internal static class ApprovedFile
{
    private const string Approve = "HELIOS_APPROVE_API";

    /// <summary>Fails, with the lines that differ, unless the file says what is offered.</summary>
    public static void Check(string path, string offered)
    {
        var file = Path.Combine([TestData.Root, .. path.Split('/')]);
        if (Environment.GetEnvironmentVariable(Approve) == "1") File.WriteAllText(file, offered);
        var approved = File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "";
        if (offered != approved) Assert.Fail($"{path} is not what the code says:\n{Difference(approved, offered)}\nIf it is meant, approve it and commit the file: {Approve}=1 dotnet test -c Release --filter PublicApi");
    }

    private static string Difference(string approved, string offered)
    {
        var (before, after) = (approved.Split('\n'), offered.Split('\n'));
        return string.Join('\n', before.Except(after, StringComparer.Ordinal).Select(line => $"- {line}").Concat(after.Except(before, StringComparer.Ordinal).Select(line => $"+ {line}")));
    }
}
