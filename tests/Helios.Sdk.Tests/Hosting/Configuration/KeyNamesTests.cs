using Helios.Sdk.Hosting.Configuration;

namespace Helios.Sdk.Tests.Hosting.Configuration;

public class KeyNamesTests
{
    [Theory]
    [InlineData("Serving.MaxRowsPerStep is 3; expected at least 64 (Serving.MaxBatchSize).", "Helios:Serving:MaxRowsPerStep is 3; expected at least 64 (Helios:Serving:MaxBatchSize).")]
    [InlineData("Serving.Tenants[gold].Weight is 0; expected 0.001 to 1000.", "Helios:Serving:Tenants:gold:Weight is 0; expected 0.001 to 1000.")]
    [InlineData("Serving.Tenants[gold] is null.", "Helios:Serving:Tenants:gold is null.")]
    [InlineData("Models is empty; add a model with AddModel(path).", "Helios:Models is empty; add a model with AddModel(path).")]
    [InlineData("MemoryBudgetBytes is 0; expected at least 1.", "Helios:MemoryBudgetBytes is 0; expected at least 1.")]
    [InlineData("Adaptation.Objective: There is no objective 'Adaptation.X'.", "Helios:Adaptation:Objective: There is no objective 'Adaptation.X'.")]
    public void Properties_are_named_as_keys(string message, string expected) => KeyNames.Translate(message, "Helios").Should().Be(expected);

    [Fact]
    public void At_the_root_there_is_nothing_before_them() => KeyNames.Translate("Serving.Order is null.", "").Should().Be("Serving:Order is null.");
}
