using System.Globalization;
using MLNet.AnomalyNormalization.Onnx.Format;
using MLNet.AnomalyNormalization.Onnx.Models;

namespace MLNet.AnomalyNormalization.Onnx.Tests.Models;

[TestClass]
public sealed class OutputRolesTests
{
    [TestMethod]
    [DataRow("output:Single[1,1,256,256]", null, "output", DisplayName = "anomalib 0.x, 1.x: a map alone, called output")]
    [DataRow("output:Single[1]", "output", null, DisplayName = "anomalib 0.x: a score alone, called output")]
    [DataRow("output:Single[1,1,224,224] 2345:Single[1]", "2345", "output",
        DisplayName = "anomalib 0.x PatchCore: map and score, the second unnamed")]
    [DataRow("output_0:Single[?,1,224,224] output_1:Single[?]", "output_1", "output_0", DisplayName = "quadra: map and score, numbered")]
    [DataRow("a:Half[?,1,?,?] b:Half[?,1]", "b", "a", DisplayName = "in half precision")]
    [DataRow("m:Double[8,8] s:Double[]", "s", "m", DisplayName = "without a batch")]
    [DataRow("s:Single[1,1,1,1] m:Single[1,64,64,1]", "s", "m", DisplayName = "channels last, a score of four dimensions")]
    [DataRow("e:Single[1,512,28,28] m:Single[1,28,28]", null, "m", DisplayName = "features are no map")]
    [DataRow("pred_score:Single* anomaly_map:Single*", "pred_score", "anomaly_map", DisplayName = "names alone, no shapes")]
    [DataRow("first:Single[1,1,8,8] anomaly_map:Single[1,1,8,8]", null, "anomaly_map", DisplayName = "a name before a shape")]
    [DataRow("score:Single[1,1,8,8] map:Single[1]", "map", "score", DisplayName = "a shape that belies its name")]
    [DataRow("pred_score:Single[?,?] pred_label:Boolean[?,?] anomaly_map:Single[?,?,?,?] pred_mask:Boolean[?,?,?,?]", "pred_score", "anomaly_map",
        DisplayName = "anomalib 2, all dimensions open")]
    [DataRow("output:Single[?,?,?,?] 360:Single[?]", "360", "output", DisplayName = "anomalib 1.2, all dimensions open")]
    [DataRow("f:Single[?,100,?,?] anomaly_map:Single[?,?,?,?]", null, "anomaly_map", DisplayName = "features of an open size are no map")]
    [DataRow("pred_score:Single[?,?,?,?]", "pred_score", null, DisplayName = "a score of four open dimensions, by its name")]
    [DataRow("l:Int64[1] s:Single[1] ", "s", null, DisplayName = "integers are no score")]
    public void Score_and_map_are_found(string outputs, string? score, string? map)
    {
        AnomalyOnnxOutput[] assigned = OutputRoles.Assign(Model(outputs), null, null);
        Assert.AreEqual(score, assigned.SingleOrDefault(output => output.Role == AnomalyOutputRole.Score)?.Name);
        Assert.AreEqual(map, assigned.SingleOrDefault(output => output.Role == AnomalyOutputRole.Map)?.Name);
    }

    [TestMethod]
    public void Given_names_decide()
    {
        ModelProto model = Model("pred_score:Single[1] other:Single[1] anomaly_map:Single[1,1,8,8] coarse:Single[1,1,4,4]");
        AnomalyOnnxOutput[] assigned = OutputRoles.Assign(model, "other", "coarse");
        CollectionAssert.AreEqual(
            new[] { AnomalyOutputRole.Other, AnomalyOutputRole.Score, AnomalyOutputRole.Other, AnomalyOutputRole.Map },
            assigned.Select(output => output.Role).ToArray());
        Assert.AreEqual(AnomalyOutputRole.Score, OutputRoles.Assign(model, "anomaly_map", null)[2].Role);
    }

    [TestMethod]
    [DataRow("nowhere", "the model has score, class", DisplayName = "no such output")]
    [DataRow("class", "Int64", DisplayName = "not floating-point")]
    public void Given_names_that_are_none_are_refused(string name, string reason)
        => StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => OutputRoles.Assign(Model("score:Single[1] class:Int64[1]"), name, null))
                .Message, reason);

    // name:Type[1,?,8] with ? for an open dimension, or name:Type* without a shape.
    private static ModelProto Model(string outputs)
    {
        ModelProto model = ModelFile.Empty();
        foreach (string output in outputs.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = output.Split(':', '[', '*');
            Type type = Type.GetType($"System.{parts[1]}")!;
            long?[]? shape = output.EndsWith('*') ? null
                : [.. parts[2].TrimEnd(']').Split(',', StringSplitOptions.RemoveEmptyEntries)
                    .Select(size => size == "?" ? (long?)null : long.Parse(size, CultureInfo.InvariantCulture))];
            model.Graph.Output.Add(ModelFile.Value(parts[0], type, shape));
        }

        return model;
    }

    [TestMethod]
    public void A_label_is_known_by_its_name_and_not_by_its_shape()
    {
        ModelProto model = ModelFile.Raw(typeof(float), [("pred_score", [1, 1])]);
        model.Graph.Output.Add(ModelFile.Value("is_saturated", typeof(bool), 1, 1));
        model.Graph.Output.Add(ModelFile.Value("pred_label", typeof(bool), 1, 1));
        AnomalyOnnxOutput[] outputs = OutputRoles.Assign(model, null, null);
        Assert.AreEqual("pred_label", outputs.Single(output => output.Role == AnomalyOutputRole.Label).Name);
        Assert.AreEqual(AnomalyOutputRole.Other, outputs.Single(output => output.Name == "is_saturated").Role);
    }

    [TestMethod]
    public void One_output_cannot_be_named_for_both()
    {
        ModelProto model = ModelFile.Raw(typeof(float), [("a", [1, 1]), ("b", [1, 1])]);
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => OutputRoles.Assign(model, "a", "a")).Message, "'a' is named for the score and");
    }
}
