using Helios.Sdk.Tests.PublicApi;

namespace Helios.Sdk.TorchSharp.Tests;

/// <summary>What the other libraries are held to by tests of the same name, which do not refer to torch.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void What_the_library_offers_is_approved() => ApprovedApi.Check(typeof(TorchSharpBackend).Assembly);

    [Fact]
    public void The_reference_is_that_of_the_documentation_comments()
    {
        var comments = XmlComments.Of([typeof(GenerationRequest).Assembly, typeof(TorchSharpBackend).Assembly]);
        ApprovedFile.Check("docs/reference/Helios.Sdk.TorchSharp.md", ReferencePrinter.Print(typeof(TorchSharpBackend).Assembly, comments));
    }
}
