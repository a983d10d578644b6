using System.Reflection;
using PublicApiGenerator;

namespace Helios.Sdk.Tests.PublicApi;

/// <summary>The public surface of a library as it was approved: a text file beside this one.</summary>
internal static class ApprovedApi
{
    private static readonly ApiGeneratorOptions Options = new() { IncludeAssemblyAttributes = false };

    public static void Check(Assembly library) =>
        ApprovedFile.Check($"tests/Helios.Sdk.Tests/PublicApi/{library.GetName().Name}.txt", library.GeneratePublicApi(Options).ReplaceLineEndings("\n") + "\n");
}
